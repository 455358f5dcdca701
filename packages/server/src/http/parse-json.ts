import { Refusal } from '../lib/refusal.ts';

/** Deeper than anything that is asked for. */
const DEEPEST = 32;

/** The JSON value of a body; an empty body is none. Refuses what is nested without end, and names that objects own. */
export function parseJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  if (isTooDeep(text))
    throw new Refusal('invalid', `The body is nested deeper than ${DEEPEST} values.`);
  const value = parse(text);
  if (namesPrototype(text) && hasPrototype(value))
    throw new Refusal('invalid', `Nothing may be called "${PROTOTYPE}".`);
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal('invalid', 'The body is not valid JSON.');
  }
}

const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
const OPENING = new Set(['[', '{'].map((one) => one.charCodeAt(0)));
const CLOSING = new Set([']', '}'].map((one) => one.charCodeAt(0)));

/** One look at each character; what is no JSON is found by whoever parses it. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) quoted = !quoted;
    else if (!quoted && OPENING.has(code)) depth += 1;
    else if (!quoted && CLOSING.has(code)) depth -= 1;
    if (depth > DEEPEST) return true;
  }
  return false;
}

/** A key of this name would be left out of every object that it is copied to, without a word. */
const PROTOTYPE = '__proto__';

const namesPrototype = (text: string): boolean =>
  text.includes(PROTOTYPE) || /\\u00(5f|7[02]|6f|74)/i.test(text);

function hasPrototype(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, PROTOTYPE) || Object.values(value).some(hasPrototype);
}
