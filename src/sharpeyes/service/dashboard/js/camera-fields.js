// The fields of a camera's file: in which group each stands, and how it is written.
//   kind: text | digits | number | whole | code | codes | texts | word | yes_no | time | day | division
//   table: of a coded value (see codes.js); words: of a word (see words.js), with its choices

const text = (name) => ({ name, kind: "text" });
const digits = (name) => ({ name, kind: "digits" });
const number = (name) => ({ name, kind: "number" });
const whole = (name) => ({ name, kind: "whole" });
const code = (name, table = name) => ({ name, kind: "code", table });
const codes = (name, table) => ({ name, kind: "codes", table });
const choice = (name, words, choices) => ({ name, kind: "word", words, choices });
const yesNo = (name) => ({ name, kind: "yes_no" });
const time = (name) => ({ name, kind: "time" });
const day = (name) => ({ name, kind: "day" });

export const GROUPS = [
  {
    name: "identity",
    fields: [
      { ...digits("device_code"), fixed: true },
      text("name"),
      choice("tier", "tier", ["city", "district", "social", "police", "other"]),
      { name: "division_code", kind: "division" },
      code("sector"),
      text("purpose"),
      choice("code_edition", "edition", ["2016", "2022"]),
    ],
  },
  {
    name: "place",
    fields: [
      text("place_name"),
      text("address"),
      number("longitude"),
      number("latitude"),
      codes("place_kinds", "place_kind"),
      code("facing"),
      yesNo("indoor"),
      text("landmark"),
      text("pole_number"),
      number("field_angle_deg"),
      number("view_distance_m"),
      digits("police_station_code"),
      text("scene_photo"),
      yesNo("sign_in_place"),
    ],
  },
  {
    name: "device",
    fields: [
      code("maker"),
      text("maker_name"),
      text("model"),
      text("firmware"),
      code("camera_form"),
      codes("functions", "function"),
      code("lighting"),
      code("codec"),
      digits("ipv4"),
      digits("ipv6"),
      digits("mac"),
      text("osd_text"),
      text("power_source"),
      whole("recording_days"),
      time("installed_at"),
    ],
  },
  {
    name: "polling",
    fields: [
      choice("poll_mode", "poll_mode", ["direct", "recorder", "on_request", "none"]),
      digits("host"),
      whole("rtsp_port"),
      whole("http_port"),
      digits("main_stream_path"),
      digits("sub_stream_path"),
      digits("snapshot_path"),
      digits("recorder_code"),
      whole("recorder_channel"),
      yesNo("networked"),
      text("network_name"),
      choice("sample_source", "sample_source", ["none", "keyframe", "snapshot"]),
      number("sample_interval_s"),
    ],
  },
  {
    name: "filing",
    fields: [
      text("managing_unit"),
      { name: "contacts", kind: "texts" },
      text("maintenance_unit"),
      text("maintenance_phone"),
      text("filing_number"),
      day("filed_on"),
      day("accepted_until"),
    ],
  },
];

export const FIELDS = GROUPS.flatMap(({ fields }) => fields);
export const FIELD_OF = new Map(FIELDS.map((field) => [field.name, field]));

export const isEmpty = (value) => value === null || value === undefined || value === "" || value.length === 0;

const SHANGHAI_MS = 8 * 3_600_000; // as times are shown; there is no summer time
const localText = (iso) => new Date(Date.parse(iso) + SHANGHAI_MS).toISOString().slice(0, 19);

/** A moment typed as local time, as the service wants it; browsers leave out seconds that are 0. */
export const zoned = (local) => (local ? `${local.length === "2026-01-01T00:00".length ? `${local}:00` : local}+08:00` : null);

/** A value as a form holds it: text, or numbers for several codes. */
export function toDraft({ kind }, value) {
  if (kind === "codes") return value ?? [];
  if (isEmpty(value)) return "";
  if (kind === "texts") return value.join("\n");
  if (kind === "time") return localText(value);
  return String(value);
}

/** What a form holds, as a value. What is no number stays text: the service says what is wrong. */
export function fromDraft({ name, kind }, draft) {
  if (kind === "codes") return draft;
  const said = draft.trim();
  if (kind === "texts") return said.split("\n").map((line) => line.trim()).filter(Boolean);
  if (said === "") return null;
  if (kind === "yes_no") return said === "true";
  if (kind === "time") return zoned(said);
  const isNumber = ["number", "whole", "code"].includes(kind) || name === "code_edition";
  return isNumber && Number.isFinite(Number(said)) ? Number(said) : said;
}

export const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);
