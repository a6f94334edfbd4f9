import { useSyncExternalStore } from 'react';
import type { Cell } from './cell.ts';

/** The cell's value; the component is drawn again when it changes. */
export const useCell = <T>(cell: Cell<T>): T => useSyncExternalStore(cell.subscribe, cell.get);
