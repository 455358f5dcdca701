const BLOCK = 512;

/** A name or the target of a link that is no text, and so nothing that an entry of an archive's writer can say. */
export const isRaw = (name: Buffer): boolean => !Buffer.from(name.toString()).equals(name);

/**
 * A header of a tar archive that tells the name of the entry behind it byte by byte, and where that leads if it is a
 * link: "pax Extended Header" of pax(1), whose values readers take as they are.
 */
export function rawHeader(names: { path: Buffer; linkpath?: Buffer | undefined }): Buffer {
  const records = Buffer.concat(
    Object.entries(names).flatMap(([key, value]) =>
      value === undefined ? [] : record(key, value),
    ),
  );
  const padding = Buffer.alloc((BLOCK - (records.length % BLOCK)) % BLOCK);
  return Buffer.concat([describe(records.length), records, padding]);
}

/** A record tells its own length, the digits of that included. */
function record(key: string, value: Buffer): Buffer[] {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length;
  while (String(length).length + rest.length !== length)
    length = String(length).length + rest.length;
  return [Buffer.from(String(length)), rest];
}

function describe(size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
  block.write('PaxHeader');
  block.write(`${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0${octal(size, 11)}\0`, 100);
  block.write(`${octal(0, 11)}\0        x`, 136);
  block.write('ustar\u000000', 257);
  block.write(
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6,
    )}\0 `,
    148,
  );
  return block;
}
