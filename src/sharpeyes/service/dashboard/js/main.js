import { render } from "../vendor/preact.mjs";
import { App } from "./app.js";
import { html } from "./html.js";
import { route } from "./route.js";
import { loadPage } from "./pages.js";
import { askSession } from "./session.js";
import { loadWords } from "./words.js";

// What is needed first is asked for at once; whoever needs it waits for it.
askSession();
loadPage(route.get());
await loadWords();
const place = document.getElementById("app");
place.replaceChildren();
render(html`<${App} />`, place);
