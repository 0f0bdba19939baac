// Markup as tagged templates: what JSX would be, without a compiler.
// Text put into a template becomes a text node, never markup, so a camera may be named `<img>`.
import { h } from "../vendor/preact.mjs";
import htm from "../vendor/htm.mjs";

export const html = htm.bind(h);
