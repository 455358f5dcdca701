/** Money is a whole number of micro-euros: 1 € = 1,000,000. */
export const MICROS_PER_EURO = 1_000_000;

/** `0.0278 €`: two decimals, or four significant digits where the amount is under a cent and not nothing. */
export function formatEuros(micros: number): string {
  const euros = micros / MICROS_PER_EURO;
  if (micros === 0 || Math.abs(euros) >= 0.01) return `${euros.toFixed(2)} €`;
  return `${Number(euros.toPrecision(4))} €`;
}
