import { backendSuite } from '../../conformance/backend-suite.ts';
import { quicksync } from './subject.ts';

backendSuite(quicksync);
