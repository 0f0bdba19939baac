import { html } from "../html.js";
import { address } from "../route.js";

export const CameraLink = ({ code, name }) =>
  html`<a class="camera-name" href=${address("cameras", { id: code })}>${name}</a>`;

/** Something people copy whole: one click selects it. */
export const Copyable = ({ children }) => html`<span class="copyable">${children}</span>`;
