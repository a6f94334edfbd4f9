import { backendSuite } from '../../conformance/backend-suite.ts';
import { sipher } from './subject.ts';

backendSuite(sipher);
