/** More levels than any service documents. What goes on for thousands runs out of stack wherever it is compared or written. */
export const maxDepth = 64;

/** Whether JSON has more levels of lists and objects than are taken over. */
export const isTooDeep = (value: unknown, levels: number = maxDepth): boolean =>
  typeof value === 'object' && value !== null && (levels === 0 || Object.values(value).some((part) => isTooDeep(part, levels - 1)));
