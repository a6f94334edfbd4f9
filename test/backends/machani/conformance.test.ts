import { backendSuite } from '../../conformance/backend-suite.ts';
import { machani } from './subject.ts';

backendSuite(machani);
