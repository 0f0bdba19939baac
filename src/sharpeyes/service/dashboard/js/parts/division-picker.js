import { useEffect, useRef, useState } from "../../vendor/preact-hooks.mjs";
import { withQuery } from "../api.js";
import { useDivisions } from "../divisions.js";
import { html } from "../html.js";
import { useResource } from "../resource.js";
import { may } from "../session.js";
import { formatNumber, t } from "../words.js";

/** Where a division lies, without its own name: what tells equal names apart. */
const above = (divisions, code) =>
  divisions.pathOf(code).slice(0, -1).map((step) => divisions.nameOf(step.division_code)).join(t("path.step"));

function Option({ id, division, divisions, count, chosen, onPick, onOpen }) {
  const code = division.division_code;
  const hasChildren = divisions.childrenOf(code).length > 0;
  // The mouse must not take the focus from the field: its leaving closes the list.
  return html`<li id=${id} role="option" aria-selected=${chosen ? "true" : "false"} class=${chosen ? "chosen" : null}
    onMouseDown=${(press) => press.preventDefault()} onClick=${() => onPick(code)}>
    <span class="option-name">${divisions.nameOf(code)} <span class="muted">${above(divisions, code)}</span></span>
    ${count !== undefined && html`<span class="count muted">${formatNumber(count)}</span>`}
    ${hasChildren &&
    html`<button type="button" class="quiet" tabindex="-1" aria-label=${t("division.below", { name: divisions.nameOf(code) })}
      onClick=${(click) => {
        click.stopPropagation();
        onOpen(code);
      }}>${"›"}</button>`}
  </li>`;
}

/**
 * Choose a division: type a part of its name or code, or walk down the tree.
 * Keys: up and down move, right opens, left goes up, Enter chooses, Escape leaves.
 */
export function DivisionPicker({ id, name, value, onPick, empty = "", invalid = null, describedBy = null }) {
  const divisions = useDivisions();
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState(null); // null: the field shows what is chosen
  const [place, setPlace] = useState(null); // whose children are listed
  const [at, setAt] = useState(0);
  const list = useRef(null);
  const here = place ?? divisions.top?.division_code ?? null;
  const mayCount = may("cameras:read");
  const { data } = useResource(open && here && mayCount ? withQuery("/divisions/counts", { division: here }) : null, []);
  const counts = new Map(data?.children.map((child) => [child.division_code, child.cameras]));

  const searching = typed !== null && typed.trim() !== "";
  const found = searching ? divisions.find(typed.trim()) : divisions.childrenOf(here);
  const parent = searching ? null : divisions.byCode.get(here);
  const options = parent ? [parent, ...found] : found;

  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: "nearest" });
  }, [at, open]);

  const close = () => {
    setOpen(false);
    setTyped(null);
  };
  const show = () => {
    if (open) return;
    setPlace(divisions.byCode.get(value)?.parent_code ?? null);
    setAt(0);
    setOpen(true);
  };
  const pick = (code) => {
    close();
    onPick(code);
  };
  const walk = (code) => {
    if (divisions.childrenOf(code).length === 0) return;
    setTyped(null);
    setPlace(code);
    setAt(0);
  };
  const keys = {
    ArrowDown: () => (open ? setAt(Math.min(at + 1, options.length - 1)) : show()),
    ArrowUp: () => setAt(Math.max(at - 1, 0)),
    Enter: () => open && options[at] && pick(options[at].division_code),
    Escape: close,
  };
  // In a text somebody types, left and right belong to the text.
  if (open && !searching) {
    keys.ArrowRight = () => options[at] && walk(options[at].division_code);
    keys.ArrowLeft = () => parent?.parent_code && walk(parent.parent_code);
  }
  const onKeyDown = (key) => {
    if (key.isComposing || !keys[key.key]) return;
    if (open || key.key === "ArrowDown") key.preventDefault();
    keys[key.key]();
  };
  const onInput = (change) => {
    setTyped(change.currentTarget.value);
    setAt(0);
    setOpen(true);
    if (change.currentTarget.value === "" && empty) pick("");
  };

  return html`<span class="picker">
    <input id=${id} name=${name} role="combobox" autocomplete="off" spellcheck="false" aria-expanded=${open ? "true" : "false"}
      aria-controls="${id}-list" aria-activedescendant=${open && options[at] ? `${id}-${at}` : null} aria-autocomplete="list"
      aria-invalid=${invalid} aria-describedby=${describedBy} placeholder=${empty || t("division.hint")}
      value=${typed ?? (value ? divisions.nameOf(value) : "")} title=${value ? `${above(divisions, value)} ${value}` : null}
      onFocus=${(focus) => focus.currentTarget.select()} onClick=${show} onInput=${onInput} onKeyDown=${onKeyDown} onBlur=${close} />
    ${open &&
    html`<ul id="${id}-list" ref=${list} role="listbox" class="picker-list" aria-label=${t("field.division")}>
      ${options.map(
        (division, index) =>
          html`<${Option} key=${division.division_code} id=${`${id}-${index}`} division=${division} divisions=${divisions}
            count=${division === parent ? data?.division.cameras : counts.get(division.division_code)}
            chosen=${index === at} onPick=${pick} onOpen=${walk} />`,
      )}
      ${options.length === 0 && html`<li class="muted none">${t("division.none")}</li>`}
    </ul>`}
  </span>`;
}
