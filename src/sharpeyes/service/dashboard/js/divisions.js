import { useResource } from "./resource.js";
import { getLanguage } from "./words.js";

const LEVELS_BELOW_CITY = ["district", "street", "community", "grid"];

/** The jurisdiction tree, with names in the language now shown. */
export function useDivisions() {
  const { data } = useResource("/divisions", []);
  const all = data?.divisions ?? [];
  const byCode = new Map(all.map((division) => [division.division_code, division]));

  const nameOf = (code) => {
    const division = byCode.get(code);
    if (!division) return code ?? "";
    return getLanguage() === "zh" ? division.name_zh : division.name_en;
  };
  /** The district that a division lies in; the division itself above that level or if unknown. */
  const districtOf = (code) => {
    let division = byCode.get(code);
    while (division && LEVELS_BELOW_CITY.indexOf(division.level) > 0 && byCode.has(division.parent_code)) {
      division = byCode.get(division.parent_code);
    }
    return division?.division_code ?? code;
  };
  return { all, districts: all.filter((division) => division.level === "district"), nameOf, districtOf };
}
