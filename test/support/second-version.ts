export { second as interceptors } from './upgraded-workflow.js';
