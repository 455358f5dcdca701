import type { TestContext } from 'node:test';
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';
import { needProgram } from '../../packages/server/src/testing/need.ts';

const PROGRAM = '/usr/bin/chromium';
const QUIET = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** A page of a real browser, closed with the test; undefined where the machine has none. */
export async function openBrowser(t: TestContext): Promise<Page | undefined> {
  if (!needProgram(t, 'chromium')) return undefined;
  const browser = await chromium.launch({
    executablePath: PROGRAM,
    chromiumSandbox: process.getuid?.() !== 0,
    args: QUIET,
  });
  t.after(() => browser.close());
  // the authority of a platform that lives as long as a test is nobody's to trust for longer
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  return context.newPage();
}

/** Says yes at the address that `clever login` prints, as its user would; false without a browser. */
export async function allowLogin(
  t: TestContext,
  address: string,
  { email, password }: { email: string; password: string },
): Promise<boolean> {
  const page = await openBrowser(t);
  if (page === undefined) return false;
  await page.goto(address);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
  return true;
}
