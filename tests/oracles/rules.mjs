// The rules of a line (SPEC section 3), written a second time on top of JSON.parse: what V8 says is JSON, and
// what of JSON a line may not be. Whoever changes the validator changes this too, and the fuzzer tells if not.
//
// The answer is "!" and every rule that is broken, or the envelope as JSON.
import { answerBatches } from "./batches.mjs";
import { millisOf } from "./millis.mjs";

const MAX_DEPTH = 64;
const MAX_INTEGER = 2n ** 53n - 1n;
const ALIASES = { timestamp: "time", data: "payload" };
const NAMES = ["type", "time", "unit", "task", "pr", "payload", "error", "run", "seq", "timestamp", "data"];
// Unicode's simple case folding, which is also Go's.
const LIKE_A_NAME = new RegExp(`^(?:${NAMES.join("|")})$`, "iu");
const TIME =
  /^"(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)"$/;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function isTime(token) {
  const [, year, month, day] = TIME.exec(token) ?? [];
  if (year === undefined || month < "01" || month > "12" || day < "01") return false;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
}

function isInteger(token, from) {
  if (!/^-?\d+$/.test(token)) return false;
  const value = BigInt(token);
  return value >= from && value <= MAX_INTEGER;
}

/** Whether a value may stand behind a key of the envelope; `token` is its text if it is no object or array. */
function fits(name, token, value) {
  const isString = typeof value === "string";
  switch (name) {
    case "type":
      return isString && value !== "" && Buffer.byteLength(value) <= 128 && !/[\p{Cc}\p{White_Space}]/u.test(value);
    case "time":
      return value === null || isTime(token);
    case "task":
    case "pr":
      return value === null || isInteger(token, -MAX_INTEGER);
    case "seq":
      return value === null || isInteger(token, 1n);
    case "run":
      return value === null || (isString && /^[A-Za-z0-9._-]{1,64}$/.test(value));
    case "unit":
    case "error":
      return value === null || isString;
    default:
      return true;
  }
}

/** The members of the outermost object as [key, text of a scalar], and the rules that tokens break anywhere. */
function tokens(text, broken) {
  const members = [];
  let depth = 0;
  let key;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g)) {
    const first = token[0];
    let scalar;
    if (first === "{" || first === "[") {
      depth += 1;
      if (depth > MAX_DEPTH) broken.add("too-deep");
      if (depth !== 2 || key === undefined) continue;
    } else if (first === "}" || first === "]") {
      depth -= 1;
      continue;
    } else if (first === "," || first === ":") {
      continue;
    } else {
      scalar = token;
      if (first === '"' && !JSON.parse(token).isWellFormed()) broken.add("lone-surrogate");
      if (/[-\d]/.test(first) && !Number.isFinite(Number(token))) broken.add("number-not-finite");
      if (depth !== 1) continue;
    }
    if (key === undefined) {
      key = JSON.parse(scalar);
    } else {
      members.push([key, scalar]);
      key = undefined;
    }
  }
  return members;
}

function judge(bytes) {
  let text;
  let event;
  try {
    text = utf8.decode(bytes);
  } catch {
    return "!not-utf8";
  }
  try {
    event = JSON.parse(text);
  } catch {
    return "!syntax";
  }
  const broken = new Set();
  if (/[\r\n]/.test(text)) broken.add("line-break");
  if (typeof event !== "object" || event === null || Array.isArray(event)) {
    broken.add("not-an-object");
    return `!${[...broken].join(" ")}`;
  }
  const members = tokens(text, broken);
  const seen = new Set();
  const found = {};
  for (const [key, token] of members) {
    const name = Object.hasOwn(ALIASES, key) ? ALIASES[key] : key;
    if (seen.has(name)) broken.add("duplicate-key");
    seen.add(name);
    if (!NAMES.includes(key)) {
      if (LIKE_A_NAME.test(key)) broken.add("ambiguous-key");
      continue;
    }
    // By its text: of equal keys JSON.parse keeps the last one.
    const value = token === undefined ? {} : JSON.parse(token);
    if (!fits(name, token, value)) broken.add("bad-field");
    if (name !== "payload" && value !== null) found[name] = value;
    if (name === "payload" && value !== null) found.payload = true;
  }
  if (!seen.has("type")) broken.add("missing-type");
  if (broken.size > 0) return `!${[...broken].join(" ")}`;
  const millis = found.time === undefined ? null : millisOf(found.time);
  return JSON.stringify({ ...found, millis, members: seen.size });
}

answerBatches(judge);
