// A flat map of a few vectors: their two principal components. No DOM here.

/**
 * Project vectors onto the plane that keeps most of their variance.
 * The dot products of n centered vectors (n x n) have the same leading directions as
 * their covariance, and n is small here. Each axis points to its largest coordinate.
 * @param {ArrayLike<number>[]} vectors n vectors of one length
 * @returns {{points: [number, number][], kept: number}} kept: share of variance on the map
 */
export function principalPlane(vectors) {
  const n = vectors.length;
  const width = vectors[0].length;
  const mean = Float64Array.from({ length: width }, (_, j) => vectors.reduce((sum, v) => sum + v[j], 0) / n);
  const centered = vectors.map((v) => Float64Array.from(v, (x, j) => x - mean[j]));
  const gram = centered.map((u) => centered.map((v) => u.reduce((sum, x, j) => sum + x * v[j], 0)));
  const total = gram.reduce((sum, row, i) => sum + row[i], 0);
  const { eigenvalues, eigenvectors } = symmetricEigen(gram);
  const order = eigenvalues.map((_, i) => i).sort((i, j) => eigenvalues[j] - eigenvalues[i]);
  const axes = [0, 1].map((k) => axis(eigenvalues[order[k]], eigenvectors, order[k]));
  const kept = total > 0 ? (eigenvalues[order[0]] + (eigenvalues[order[1]] ?? 0)) / total : 1;
  return { points: vectors.map((_, i) => [axes[0][i] ?? 0, axes[1][i] ?? 0]), kept };
}

/** Coordinates of all points on eigenvector number k. */
function axis(eigenvalue, eigenvectors, k) {
  if (eigenvalue === undefined) return [];
  const length = Math.sqrt(Math.max(eigenvalue, 0));
  const coordinates = eigenvectors.map((row) => row[k] * length);
  const extreme = coordinates.reduce((best, x) => (Math.abs(x) > Math.abs(best) + 1e-12 ? x : best), 0);
  return extreme < 0 ? coordinates.map((x) => -x) : coordinates;
}

/**
 * Eigenvalues and eigenvectors (columns) of a small symmetric matrix, by Jacobi's rotations.
 * @param {number[][]} matrix
 * @returns {{eigenvalues: number[], eigenvectors: number[][]}}
 */
export function symmetricEigen(matrix) {
  const n = matrix.length;
  const a = matrix.map((row) => Array.from(row));
  const v = a.map((_, i) => a.map((__, j) => (i === j ? 1 : 0)));
  const size = a.reduce((sum, row) => sum + row.reduce((s, x) => s + x * x, 0), 0);
  for (let sweep = 0; sweep < 60; sweep += 1) {
    let off = 0;
    for (let p = 0; p < n; p += 1) for (let q = p + 1; q < n; q += 1) off += a[p][q] ** 2;
    if (off <= 1e-24 * size) break;
    for (let p = 0; p < n; p += 1) for (let q = p + 1; q < n; q += 1) rotate(a, v, p, q);
  }
  return { eigenvalues: a.map((row, i) => row[i]), eigenvectors: v };
}

/** Turn the plane of axes p and q so that a[p][q] becomes 0. */
function rotate(a, v, p, q) {
  if (a[p][q] === 0) return;
  const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let k = 0; k < a.length; k += 1) [a[k][p], a[k][q]] = [c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]];
  for (let k = 0; k < a.length; k += 1) [a[p][k], a[q][k]] = [c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]];
  for (let k = 0; k < a.length; k += 1) [v[k][p], v[k][q]] = [c * v[k][p] - s * v[k][q], s * v[k][p] + c * v[k][q]];
}
