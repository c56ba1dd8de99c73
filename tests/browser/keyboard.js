// A walk through a page by the Tab key. The test presses the key; `step` looks at where the focus is, `finish` says what
// was wrong: what can be used but was never reached, what had the focus and could not be seen, or did not show it.
globalThis.keyboardWalk = (() => {
    const USABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex], [contenteditable=true]";
    const SHOWS_FOCUS = ["outlineStyle", "outlineWidth", "outlineColor", "boxShadow", "borderTopColor", "backgroundColor",
        "color", "textDecorationLine", "clipPath", "opacity"];
    const findings = [];
    const reached = new Set();
    let previous = null;

    const say = element => element.outerHTML.replace(/\s+/g, " ").slice(0, 140);
    const note = (what, element) => findings.push(`${what}: ${say(element)}`);
    const lookOf = element => [element, element.nextElementSibling, element.parentElement]
        .filter(one => one !== null)
        .map(one => SHOWS_FOCUS.map(name => getComputedStyle(one)[name]).join(" "))
        .join(" | ");

    function isUsable(element) {
        return element.tabIndex >= 0 && !element.disabled && !element.closest("[inert]")
            && element.checkVisibility({visibilityProperty: true});
    }

    // Of radio buttons of one name, the Tab key reaches one; the arrow keys reach the others.
    function isReached(element) {
        if (reached.has(element)) return true;
        return element.type === "radio"
            && [...reached].some(one => one.type === "radio" && one.name === element.name && one.form === element.form);
    }

    function isSeen(element) {
        const box = element.getBoundingClientRect();
        const inside = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
        if (!inside || box.width === 0 || box.height === 0) return false;
        const x = Math.min(Math.max((box.left + box.right) / 2, 0), innerWidth - 1);
        const y = Math.min(Math.max((box.top + box.bottom) / 2, 0), innerHeight - 1);
        const top = document.elementFromPoint(x, y);
        const labels = [...(element.labels ?? [])];
        // A field that its label stands for (a tile to choose) is transparent itself.
        if (labels.length === 0 && !element.checkVisibility({opacityProperty: true})) return false;
        return top !== null && [element, ...labels].some(one => one.contains(top) || top.contains(one));
    }

    function leave() {
        if (previous === null) return;
        if (previous.element.isConnected && lookOf(previous.element) === previous.look) {
            note("does not show that it has the focus", previous.element);
        }
        previous = null;
    }

    return {
        step() {
            const element = document.activeElement;
            // A field for a date or a time has parts, each of which the Tab key reaches.
            if (element === previous?.element && /^(date|time|month|week)/.test(element.type) && ++previous.parts < 12) {
                return true;
            }
            if (previous !== null && element === previous.element) {
                note("does not let the focus go", element);
                return false;
            }
            leave();
            if (element === null || element === document.body || reached.has(element)) return false;
            if (reached.size === 0 && !/^#/.test(element.getAttribute("href") ?? "")) {
                note("the first stop is no link to the content", element);
            }
            reached.add(element);
            if (!isSeen(element)) note("has the focus and cannot be seen", element);
            previous = {element, look: lookOf(element), parts: 1};
            return true;
        },
        finish() {
            for (const element of document.querySelectorAll(USABLE)) {
                if (isUsable(element) && !isReached(element)) note("cannot be reached by the Tab key", element);
            }
            return findings;
        },
    };
})();
