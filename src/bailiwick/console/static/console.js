// What pages do beyond links and forms. Every page works without it, with less comfort.

// Times in the viewer's own zone; the one that was sent stays as the title.
const shown = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
function showTimes(root) {
  for (const time of root.querySelectorAll("time[data-when]")) {
    const moment = new Date(time.dateTime);
    if (isNaN(moment)) continue;
    time.title = time.textContent;
    time.textContent = shown.format(moment);
    time.removeAttribute("data-when");
  }
}

// The menu of a narrow window, and other parts that a button opens.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    const open = document.getElementById(opener.dataset.opens).classList.toggle("show");
    opener.setAttribute("aria-expanded", String(open));
  }
  for (const details of document.querySelectorAll("details.person[open]")) {
    if (!details.contains(event.target)) details.open = false;
  }
  const line = event.target.closest("[data-remove]")?.closest("[data-line]");
  if (line) removeLine(line);
  const add = event.target.closest("[data-add]");
  if (add) addLine(add.closest("[data-several]"));
  const copy = event.target.closest("[data-copy]");
  if (copy) copyText(copy);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const details of document.querySelectorAll("details.person[open]")) {
      details.open = false;
      details.querySelector("summary").focus();
    }
  }
});

// Lists of inputs: one line each.
function addLine(several) {
  const lines = several.querySelectorAll("[data-line]");
  const line = lines[lines.length - 1].cloneNode(true);
  const input = line.querySelector("input, select");
  for (const one of line.querySelectorAll("input, select")) {
    one.value = "";
    one.classList.remove("is-invalid");
    one.removeAttribute("data-htmx-powered");
    one.removeAttribute("id");
  }
  lines[lines.length - 1].after(line);
  htmx.process(line);
  input.focus();
}

function removeLine(line) {
  const several = line.closest("[data-several]");
  if (several.querySelectorAll("[data-line]").length > 1) line.remove();
  else for (const one of line.querySelectorAll("input, select")) one.value = "";
  several.dispatchEvent(new Event("change", { bubbles: true }));
}

async function copyText(button) {
  const from = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(from.value ?? from.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(from);
  }
}

// Inputs of instants: shown in the viewer's own zone, sent in UTC by a hidden twin of the same name.
function localText(moment) {
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

function turnMoments(root) {
  for (const input of root.querySelectorAll("input[data-moment]")) {
    const twin = document.createElement("input");
    twin.type = "hidden";
    twin.name = input.name;
    twin.value = input.value;
    const before = new Date(`${input.value}Z`);
    if (!isNaN(before)) input.value = localText(before);
    input.removeAttribute("data-moment");
    input.removeAttribute("name");
    input.after(twin);
    const follow = () => {
      const moment = new Date(input.value);
      twin.value = isNaN(moment) ? "" : moment.toISOString().slice(0, 16);
    };
    input.addEventListener("input", follow);
    input.addEventListener("change", follow);
    const zone = document.querySelector(`label[for="${input.id}"] [data-zone]`);
    if (zone) zone.textContent = `(${Intl.DateTimeFormat().resolvedOptions().timeZone})`;
  }
}

function prepare(root) {
  showTimes(root);
  turnMoments(root);
  for (const button of root.querySelectorAll("[data-add][hidden], [data-remove][hidden], [data-copy][hidden]")) {
    button.hidden = false;
  }
}

addEventListener("DOMContentLoaded", () => {
  prepare(document);
  document.querySelector("[data-focus]")?.focus();
});
for (const name of ["htmx:after:swap", "htmx:after:settle"]) {
  document.addEventListener(name, () => prepare(document));
}

// A form is sent once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("hx-post")) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  addEventListener("pageshow", () => { delete form.dataset.sent; }, { once: true });
});
