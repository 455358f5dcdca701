import { run } from '../../test/system/platform.ts';

/** What `wrk` saw; milliseconds. */
export type Load = { perSecond: number; p99: number };

const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000 };

/** Two threads, 64 connections that are kept. */
export async function load(at: { port: number; host: string; seconds: number }): Promise<Load> {
  const settings = ['-t2', '-c64', `-d${at.seconds}s`, '--latency', '-H', `Host: ${at.host}`];
  const { code, out } = await run('wrk', [...settings, `http://127.0.0.1:${at.port}/`]);
  const [, rate] = /Requests\/sec:\s+([\d.]+)/.exec(out) ?? [];
  const [, latency, unit = ''] = /99%\s+([\d.]+)(us|ms|s)/.exec(out) ?? [];
  if (code !== 0 || rate === undefined || /Non-2xx|Socket errors/.test(out))
    throw new Error(`wrk was not answered well: ${out}`);
  return { perSecond: Number(rate), p99: Number(latency) * (UNITS[unit] ?? Number.NaN) };
}
