import { createStore } from "./store.js";

// auto follows the system; a wall screen is set to dark once and keeps it.
export const THEMES = ["auto", "light", "dark"];
const kept = localStorage.getItem("theme");
export const theme = createStore(THEMES.includes(kept) ? kept : "auto");

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
export const isDark = createStore(false);

function apply() {
  const dark = theme.get() === "dark" || (theme.get() === "auto" && systemIsDark.matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  isDark.set(dark);
}

theme.subscribe((name) => {
  localStorage.setItem("theme", name);
  apply();
});
systemIsDark.addEventListener("change", apply);
apply();
