// A matrix times a vector, the one operation a language model spends its time on: as a WebAssembly
// kernel with 128-bit SIMD, whose bytes are put together here, and as plain JavaScript. No DOM here.

/** @typedef {(matrix: number, vector: number, out: number, rows: number, width: number, stride: number) => void} Multiply */

const I32 = 0x7f;
const V128 = 0x7b;
const [MATRIX, VECTOR, OUT, ROWS, WIDTH, STRIDE] = [0, 1, 2, 3, 4, 5]; // parameters, all i32
const ROW = [6, 7, 8, 9]; // addresses within four rows of the matrix
const [AT, END] = [10, 11]; // address within the vector, and where it ends
const SUM = [12, 13, 14, 15]; // four partial sums for each of the four rows
const PIECE = 16; // four numbers of the vector

const get = (local) => [0x20, local];
const set = (local) => [0x21, local];
const simd = (...code) => [0xfd, ...code];
const [ADD, SUBTRACT, LESS, GREATER] = [0x6a, 0x6b, 0x49, 0x4a]; // of i32; LESS is unsigned
const [ADD_F32, STORE_F32] = [0x92, 0x38];
const [LOAD_FOUR, ADD_FOUR, MULTIPLY_FOUR] = [simd(0x00, 2, 0), simd(0xe4, 1), simd(0xe6, 1)];
const ZERO_FOUR = simd(0x0c, ...Array(16).fill(0));
const lane = (index) => simd(0x1f, index);
const loop = (...body) => [0x03, 0x40, ...body.flat(), 0x0b];
const AGAIN_IF = [0x0d, 0];
const move = (local, ...amount) => [...get(local), ...amount, ADD, ...set(local)];
const bytes = (amount) => [0x41, amount]; // a constant below 64

/** A number as WebAssembly writes lengths: seven bits a byte, low ones first. */
const length = (n) => (n < 0x80 ? [n] : [(n & 0x7f) | 0x80, ...length(n >> 7)]);
const section = (id, ...content) => [id, ...length(content.flat().length), ...content.flat()];

/** The module's bytes: it imports a memory and exports `multiply`. */
export function kernelBytes() {
  const name = (text) => [text.length, ...Array.from(text, (letter) => letter.charCodeAt(0))];
  const sumRow = (k) => [...get(ROW[k]), ...LOAD_FOUR, ...get(PIECE), ...MULTIPLY_FOUR, ...get(SUM[k]), ...ADD_FOUR, ...set(SUM[k]), ...move(ROW[k], ...bytes(16))];
  const storeRow = (k) => [
    ...get(OUT), ...get(SUM[k]), ...lane(0), ...get(SUM[k]), ...lane(1), ADD_F32,
    ...get(SUM[k]), ...lane(2), ...get(SUM[k]), ...lane(3), ADD_F32, ADD_F32, STORE_F32, 2, 4 * k,
  ];
  const four = [0, 1, 2, 3];
  const body = loop( // four rows a turn
    four.flatMap((k) => [...ZERO_FOUR, ...set(SUM[k]), ...get(k ? ROW[k - 1] : MATRIX), ...(k ? [...get(STRIDE), ADD] : []), ...set(ROW[k])]),
    [...get(VECTOR), ...set(AT), ...get(VECTOR), ...get(WIDTH), ADD, ...set(END)],
    [...get(ROW[3]), ...get(STRIDE), ADD, ...set(MATRIX)],
    loop( // four columns a turn
      [...get(AT), ...LOAD_FOUR, ...set(PIECE)],
      four.flatMap(sumRow),
      move(AT, ...bytes(16)),
      [...get(AT), ...get(END), LESS, ...AGAIN_IF],
    ),
    four.flatMap(storeRow),
    move(OUT, ...bytes(16)),
    [...get(ROWS), ...bytes(4), SUBTRACT, ...set(ROWS), ...get(ROWS), ...bytes(0), GREATER, ...AGAIN_IF],
  );
  const code = [2, 6, I32, 5, V128, ...body, 0x0b]; // two groups of locals, then the body
  return Uint8Array.from([
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [1, 0x60, 6, ...Array(6).fill(I32), 0]),
    ...section(2, [1, ...name("page"), ...name("memory"), 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name("multiply"), 0, 0]),
    ...section(10, [1, ...length(code.length), ...code]),
  ]);
}

/**
 * Room for `count` float32 numbers, and a `multiply` over them: rows and columns come in fours,
 * places and lengths count numbers, `stride` is from row to row.
 * @param {number} count
 * @param {boolean} [wanted] false: plain JavaScript even where SIMD is there
 * @returns {{numbers: Float32Array, multiply: Multiply, engine: "simd" | "plain"}}
 */
export function roomWithMultiply(count, wanted = true) {
  const kernel = wanted ? simdKernel(count) : null;
  if (kernel) return kernel;
  const numbers = new Float32Array(count);
  return { numbers, multiply: plainMultiply(numbers), engine: "plain" };
}

/** The kernel and its memory, or null: an old browser, or a page that forbids WebAssembly. */
function simdKernel(count) {
  try {
    const memory = new WebAssembly.Memory({ initial: Math.ceil((4 * count) / 65536) });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(kernelBytes()), { page: { memory } });
    const multiply = (matrix, vector, out, rows, width, stride) => exports.multiply(4 * matrix, 4 * vector, 4 * out, rows, 4 * width, 4 * stride);
    return { numbers: new Float32Array(memory.buffer, 0, count), multiply, engine: "simd" };
  } catch {
    return null;
  }
}

/** @returns {Multiply} */
function plainMultiply(numbers) {
  return (matrix, vector, out, rows, width, stride) => {
    for (let row = 0; row < rows; row += 1) {
      const start = matrix + row * stride;
      let [a, b, c, d] = [0, 0, 0, 0];
      for (let k = 0; k < width; k += 4) {
        a += numbers[start + k] * numbers[vector + k];
        b += numbers[start + k + 1] * numbers[vector + k + 1];
        c += numbers[start + k + 2] * numbers[vector + k + 2];
        d += numbers[start + k + 3] * numbers[vector + k + 3];
      }
      numbers[out + row] = a + b + (c + d);
    }
  };
}
