import { expect, it } from "vitest";
import { ChooError, decode, Decoder, type WireEvent } from "../src/index.js";
import { bytes, vector } from "./support/wire.js";

interface Case {
  readonly name: string;
  readonly line?: string;
  readonly hex?: string;
  readonly event?: Record<string, unknown>;
  readonly error?: string;
}

const cases = JSON.parse(vector("lines.json").toString("utf8")) as Case[];

/** Empty strings count as absent (tests/vectors/README.md), and minus zero is zero. */
function plain({ unit, error, ...rest }: WireEvent): unknown {
  return JSON.parse(JSON.stringify({ ...rest, ...(unit ? { unit } : {}), ...(error ? { error } : {}) }));
}

function bytesOf({ line, hex }: Case): Uint8Array {
  return line === undefined ? Buffer.from(hex ?? "", "hex") : bytes(line);
}

/** In a stream a line feed ends a line, and a carriage return before it belongs to it. */
const framed = cases.filter(({ line = "" }) => !line.includes("\n") && !line.endsWith("\r"));

it.each(framed.map((vector) => [vector.name, vector] as const))("reads as every decoder does: %s", (_, vector) => {
  const decoder = new Decoder();
  const events = decoder.push(Buffer.concat([bytesOf(vector), bytes("\n")])).map(plain);
  const faults = decoder.takeFaults().map(({ kind }) => kind);
  if (vector.event === undefined) {
    expect({ events, faults }).toEqual({ events: [], faults: [vector.error] });
  } else {
    expect({ events, faults }).toEqual({ events: [plain(vector.event as WireEvent)], faults: [] });
  }
  decoder.free();
});

it("reads single lines, and throws for bad ones", () => {
  for (const vector of cases) {
    const { name, line, event, error } = vector;
    // What ends a line may be left on it.
    if (line === undefined || /[\r\n]$/.test(line)) continue;
    if (event === undefined) expect(() => decode(line), name).toThrow(expect.objectContaining({ kind: error }));
    else expect(plain(decode(line)), name).toEqual(plain(event as WireEvent));
  }
  expect(decode('{"type":"a"}\r\n')).toEqual({ type: "a" });
});

it("says in an Error what is wrong and where", () => {
  let thrown: unknown;
  try {
    decode('{"type":"ä",}');
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(ChooError);
  expect(thrown).toBeInstanceOf(Error);
  // In bytes: ä has two.
  expect(thrown).toMatchObject({ name: "ChooError", kind: "syntax", offset: 13 });
});

it("does not care where the bytes are cut", () => {
  const text = [
    '{"type":"task.completed","unit":"größe 🦀","task":1}',
    '{"type":"log.stdout","unit":"a","payload":{"content":"\\u001b[31m— ✓","n":1}}\r',
    "broken",
    "",
    '{"type":"x.acme.y","payload":[1,2,{"k":null}]}',
    "",
  ].join("\n");
  const stream = bytes(text);
  const whole = new Decoder().push(stream);
  expect(whole).toHaveLength(3);
  for (let cut = 0; cut <= stream.length; cut += 1) {
    const decoder = new Decoder();
    const events = [...decoder.push(stream.subarray(0, cut)), ...decoder.push(stream.subarray(cut))];
    expect(events).toEqual(whole);
    expect(decoder.bad).toBe(1);
    decoder.free();
  }
  const decoder = new Decoder();
  const events: WireEvent[] = [];
  for (const byte of stream) events.push(...decoder.push(Uint8Array.of(byte)));
  expect(events).toEqual(whole);
});

it("tells of a torn last line and begins anew", () => {
  const decoder = new Decoder();
  expect(decoder.push(bytes('{"type":"a"}\n{"typ'))).toEqual([{ type: "a" }]);
  expect(decoder.finish()).toBe(5);
  expect(decoder.finish()).toBe(0);
  expect(decoder.push(bytes('{"type":"b"}\n'))).toEqual([{ type: "b" }]);
});

it("makes the same of many lines as of each by itself", () => {
  const members = [
    ['"time":"2025-01-18T10:30:15.5Z"', '"time":"2025-01-18T12:30:15.50+02:00"', '"timestamp":"2025-01-18T10:30:15Z"'],
    ['"unit":"app"', '"unit":"größe"', '"unit":"\\u0061\\n\\ud83e\\udd80"', '"unit":"a-name-that-is-longer-than-others"', '"unit":""'],
    ['"task":0', '"task":-7', '"task":1073741823', '"task":1073741824', '"task":9007199254740991'],
    ['"pr":12', '"pr":-1073741824', '"pr":-1073741825'],
    ['"payload":{"a":[1,{"b":null}]}', '"payload":"\\u2028,]"', '"data":false', '"payload":-0.5e-3', '"payload":null'],
    ['"error":"no \\"such\\" file"', '"error":""'],
    ['"run":"01JH"', '"run":"another.run_of-letters"'],
    ['"seq":1', '"seq":1073741824', '"seq":9007199254740991'],
    ['"x":1', '"__proto__":{"y":2}'],
  ];
  let state = 1;
  // A generator by Lehmer: the same lines in every run.
  const draw = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
  const lines = Array.from({ length: 3_000 }, (_, at) => {
    const chosen = members.filter(() => draw(3) > 0).map((choice) => choice[draw(choice.length)]);
    // More names than the module remembers at a time.
    return `{${[`"type":"kind.${at % 700}"`, ...chosen].join(",")}}`;
  });
  const decoder = new Decoder();
  const events = decoder.push(bytes(`${lines.join("\n")}\n`));
  expect(decoder.bad).toBe(0);
  decoder.free();
  expect(events).toHaveLength(lines.length);
  lines.forEach((line, at) => expect(events[at], line).toStrictEqual(decode(line)));
});

it("counts without making objects", () => {
  const decoder = new Decoder();
  const stream = bytes('{"type":"a"}\nbroken\n\n{"type":"b"}\r\n{"type":"c"');
  expect([decoder.check(stream.subarray(0, 5)), decoder.check(stream.subarray(5))]).toEqual([0, 2]);
  expect(decoder.bad).toBe(1);
  expect(decoder.takeFaults().map(({ kind, offset }) => [kind, offset])).toEqual([["syntax", 0]]);
  expect(decoder.push(bytes("}\n"))).toEqual([{ type: "c" }]);
  decoder.free();
});
