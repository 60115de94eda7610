/** A page of a list: what comes after `after`, which need not be in it, and at most `limit` items, 0 or more. */
export interface PageRequest<T> {
  readonly after?: T | undefined;
  readonly limit: number;
}

/** A page, and whether more items follow it. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly more: boolean;
}
