/** Values that several sections of a job take. */
import { z } from 'zod';

export const fraction = z.number().gt(0, 'expected a fraction above 0').lt(1, 'expected a fraction below 1');
export const positiveInt = z.int().positive();
export const columnName = z.string().min(1);

export const metricName = z
  .string()
  .regex(/^validation\.[a-z0-9]+$/i, 'expected `validation.` and the name of a metric');
