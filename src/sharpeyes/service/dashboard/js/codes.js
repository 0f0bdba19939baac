// What coded values mean: the service's tables, in the language now shown.
import { useReference } from "./reference.js";
import { getLanguage } from "./words.js";

const EDITION = 2016;

class Codes {
  constructor(tables) {
    this.tables = tables;
    this.byName = new Map(tables.map((table) => [table.name, table]));
  }

  /** [value, words] pairs of a table in an edition of the standard. */
  options(table, edition = EDITION) {
    const meanings = this.byName.get(table)?.editions[edition] ?? [];
    return meanings.map((meaning) => [meaning.value, meaning[getLanguage()]]);
  }

  /** What a value means; the number itself where the table does not say. */
  label(table, value, edition = EDITION) {
    return this.options(table, edition).find(([known]) => known === value)?.[1] ?? String(value);
  }
}

const NONE = [];
let built = new Codes(NONE);

export function useCodes() {
  const data = useReference("/code-tables");
  const tables = data?.tables ?? NONE;
  if (built.tables !== tables) built = new Codes(tables);
  return built;
}
