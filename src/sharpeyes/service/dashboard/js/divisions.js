import { useReference } from "./reference.js";
import { getLanguage } from "./words.js";

const LEVELS_BELOW_CITY = ["district", "street", "community", "grid"];
const MOST_FOUND = 40;

/** The jurisdiction tree; there are twenty thousand nodes in a large city, so it is built once. */
class Divisions {
  constructor(all) {
    this.all = all;
    this.byCode = new Map(all.map((division) => [division.division_code, division]));
    this.below = Map.groupBy(all, (division) => division.parent_code);
    this.districts = all.filter((division) => division.level === "district");
    this.top = this.below.get(null)?.[0] ?? null;
    this.nameOf = this.nameOf.bind(this);
    this.districtOf = this.districtOf.bind(this);
  }

  /** Its name in the language now shown. */
  nameOf(code) {
    const division = this.byCode.get(code);
    if (!division) return code ?? "";
    return getLanguage() === "zh" ? division.name_zh : division.name_en || division.name_zh;
  }

  childrenOf(code) {
    return this.below.get(code) ?? [];
  }

  /** From below the city down to the division itself. */
  pathOf(code) {
    const path = [];
    for (let step = this.byCode.get(code); step; step = this.byCode.get(step.parent_code)) path.unshift(step);
    return path.length > 1 ? path.slice(1) : path;
  }

  /** The district that a division lies in; the division itself above that level or if unknown. */
  districtOf(code) {
    let division = this.byCode.get(code);
    while (division && LEVELS_BELOW_CITY.indexOf(division.level) > 0 && this.byCode.has(division.parent_code)) {
      division = this.byCode.get(division.parent_code);
    }
    return division?.division_code ?? code;
  }

  /** Divisions whose name has the text in it or whose code begins with it; the largest first. */
  find(text) {
    const wanted = text.toLowerCase();
    const rank = ({ level }) => LEVELS_BELOW_CITY.indexOf(level);
    return this.all
      .filter(
        ({ name_zh: zh, name_en: en, division_code: code }) =>
          zh.includes(wanted) || en?.toLowerCase().includes(wanted) || code.toLowerCase().startsWith(wanted),
      )
      .sort((a, b) => rank(a) - rank(b))
      .slice(0, MOST_FOUND);
  }
}

const NONE = [];
let built = new Divisions(NONE);

export function useDivisions() {
  const data = useReference("/divisions");
  const all = data?.divisions ?? NONE;
  if (built.all !== all) built = new Divisions(all);
  return built;
}
