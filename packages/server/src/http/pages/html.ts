/** Text that is HTML already. */
export type Html = { readonly html: string };

type Part = string | number | Html | readonly Html[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (one) => ENTITIES[one] ?? one);

const write = (part: Part): string => {
  if (typeof part === 'string' || typeof part === 'number') return escape(String(part));
  return 'html' in part ? part.html : part.map((one) => one.html).join('');
};

/** HTML out of a template; whatever is put into it is text, unless it was made the same way. */
export const html = (texts: TemplateStringsArray, ...parts: Part[]): Html => ({
  html: texts
    .map((text, index) => text + (index < parts.length ? write(parts[index] ?? '') : ''))
    .join(''),
});
