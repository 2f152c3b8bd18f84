// Numbers of any size as short text.

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const LOWERED = "₀₁₂₃₄₅₆₇₈₉";

/** A whole number in small raised digits. */
export function raised(number) {
  return (number < 0 ? "⁻" : "") + [...String(Math.abs(number))].map((digit) => RAISED[digit]).join("");
}

/** A whole number, 0 or more, in small lowered digits. */
export function lowered(number) {
  return [...String(number)].map((digit) => LOWERED[digit]).join("");
}

/**
 * Three significant digits: 0.314, 117, 2,358; a power of ten where that is shorter: 5.63 × 10¹⁴.
 * @param {number} number
 */
export function shortNumber(number) {
  if (Number.isNaN(number)) return "not a number";
  const sign = number < 0 ? "−" : "";
  const size = Math.abs(number);
  if (size === Infinity) return `${sign}∞`;
  if (size === 0) return "0";
  if (size >= 0.0009995 && size < 99950) {
    const rounded = Number(size.toPrecision(3));
    return sign + (rounded >= 1000 ? rounded.toLocaleString("en-US") : size.toPrecision(3).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, ""));
  }
  const [digits, power] = size.toExponential(2).split("e");
  return `${sign}${digits} × 10${raised(Number(power))}`;
}
