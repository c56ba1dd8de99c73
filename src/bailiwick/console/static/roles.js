// The role editor: what the form's buttons do without asking the server.

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-set-all]");
  if (!button) return;
  event.preventDefault();
  const word = button.dataset.setAll;
  const form = button.closest("form");
  for (const radio of form.querySelectorAll(`[data-access="${word}"]`)) radio.checked = true;
  for (const box of form.querySelectorAll('[name="act"]')) box.checked = word === "full";
  for (const select of form.querySelectorAll("[data-type] select")) select.value = "";
  form.dispatchEvent(new Event("change", { bubbles: true }));
});

// Full access ticks every box, so that Custom begins from there; no access unticks them.
document.addEventListener("change", (event) => {
  const word = event.target.dataset?.access;
  if (word !== "full" && word !== "no") return;
  for (const box of event.target.closest("[data-type]").querySelectorAll('[name="act"]')) box.checked = word === "full";
});
