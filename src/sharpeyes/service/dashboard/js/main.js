import { render } from "../vendor/preact.mjs";
import { App } from "./app.js";
import { html } from "./html.js";
import { loadWords } from "./words.js";

await loadWords();
const place = document.getElementById("app");
place.replaceChildren();
render(html`<${App} />`, place);
