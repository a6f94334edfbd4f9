/** What is known already, or will be: a promise for what is there costs as much as some of the work that it stands for. */
export type Eventually<T> = T | Promise<T>;

/** Goes on with a value, at once where it is there. */
export const andThen = <T, R>(value: Eventually<T>, use: (value: T) => Eventually<R>): Eventually<R> =>
  value instanceof Promise ? value.then(use) : use(value);
