// Light or dark, before anything is drawn: what was chosen here, else what the system says.
(() => {
  const key = "bailiwick-theme";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const kept = () => { try { return localStorage.getItem(key); } catch { return null; } };
  const show = () => {
    const theme = kept() || (dark.matches ? "dark" : "light");
    document.documentElement.setAttribute("data-bs-theme", theme);
  };
  show();
  dark.addEventListener("change", show);
  addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        const now = document.documentElement.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
        try { localStorage.setItem(key, now); } catch { /* the choice lasts for this page */ }
        document.documentElement.setAttribute("data-bs-theme", now);
      });
    }
  });
})();
