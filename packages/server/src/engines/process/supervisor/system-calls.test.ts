import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

/** By machine, what the kernel calls it, and its column in the table. */
const machines = { x86_64: [0xc000_003e, 1], aarch64: [0xc000_00b7, 2] } as const;
type Machine = keyof typeof machines;

const rows = readFileSync(join(import.meta.dirname, 'system-calls.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split(/\s+/));

/** The program that Python assembles. */
const assemble = (sandbox: string, machine: string): Buffer =>
  execFileSync('python3', [
    '-c',
    `import sys; sys.path.insert(0, sys.argv[1]); sys.dont_write_bytecode = True
import system_calls
sys.stdout.buffer.write(system_calls.assemble(*sys.argv[2:]) or b'')`,
    import.meta.dirname,
    sandbox,
    machine,
  ]);

type Call = { number: number; machine: number; args?: readonly number[] };

/** What the call may read: its number, the machine, then its arguments, the lower half of each first. */
function word({ number, machine, args = [] }: Call, at: number): number {
  if (at < 16) return at === 0 ? number : machine;
  return at % 8 === 0 ? (args[(at - 16) / 8] ?? 0) : 0;
}

/** Runs the program as the kernel does; it may jump forward only, so it ends. */
function judge(program: Buffer, call: Call): string {
  let accumulator = 0;
  for (let at = 0; ; at += 8) {
    const code = program.readUInt16LE(at);
    const value = program.readUInt32LE(at + 4);
    if (code === 0x06) return value === 0x7fff_0000 ? 'ok' : String(value & 0xffff);
    if (code === 0x20) accumulator = word(call, value);
    else {
      const holds = {
        0x15: accumulator === value,
        0x25: accumulator > value,
        0x35: accumulator >= value,
        0x45: (accumulator & value) !== 0,
      }[code];
      assert.notEqual(holds, undefined, `an instruction ${code}`);
      at += 8 * program.readUInt8(at + (holds === true ? 2 : 3));
    }
  }
}

const EPERM = '1';
const ENOSYS = '38';

for (const machine of Object.keys(machines) as Machine[]) {
  const [audit, column] = machines[machine];
  const here = rows.filter((row) => row[column] !== '-');
  const numberOf = (name: string): number =>
    Number(here.find((row) => row[0] === name)?.[column] ?? Number.NaN);

  test(`each row of the table has a number of its own on ${machine}`, () => {
    const numbers = here.map((row) => Number(row[column]));
    assert.ok(numbers.every(Number.isInteger));
    assert.equal(new Set(numbers).size, numbers.length);
    assert.equal(new Set(rows.map(([name]) => name)).size, rows.length);
  });

  for (const sandbox of ['strict', 'nested'])
    test(`the filter of a ${sandbox} sandbox on ${machine} answers as the table says`, () => {
      const program = assemble(sandbox, machine);
      const nested = sandbox === 'nested';
      const expected = (answer = ''): string =>
        answer === 'yes' || (nested && answer === 'nested') ? 'ok' : EPERM;
      for (const row of here.filter(([name, , , answer]) => answer !== 'rule' && name !== 'clone3'))
        assert.equal(
          judge(program, { number: Number(row[column]), machine: audit }),
          expected(row[3]),
          row.join(' '),
        );
      const ask = (name: string, ...args: number[]): string =>
        judge(program, { number: numberOf(name), machine: audit, args });
      assert.equal(ask('clone3'), nested ? 'ok' : ENOSYS);
      assert.equal(ask('clone', 0x1000_0011), nested ? 'ok' : EPERM);
      assert.equal(ask('clone', 0x11), 'ok');
      assert.deepEqual(
        [1, 2, 10, 16, 17, 38, 40].map((family) => ask('socket', family)),
        ['ok', 'ok', 'ok', 'ok', '97', '97', '97'],
      );
      assert.deepEqual(
        [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff, 0x4_0000].map((one) => ask('personality', one)),
        ['ok', 'ok', 'ok', 'ok', 'ok', EPERM],
      );
      assert.deepEqual(
        [0x5401, 0x5412, 0x541c].map((one) => ask('ioctl', 0, one)),
        ['ok', EPERM, EPERM],
      );
      assert.equal(judge(program, { number: 2000, machine: audit }), ENOSYS);
      assert.equal(judge(program, { number: 39, machine: 0x4000_0003 }), ENOSYS);
    });
}

test('another machine has no filter, which whoever asks is told', () => {
  assert.equal(assemble('strict', 'riscv64').length, 0);
});
