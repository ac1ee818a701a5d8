/**
 * What later versions of the workflow might do in another way than this one: interceptors, so that a bundle of them is the same
 * workflow with other commands. Each difference hides behind patched(), as in a real upgrade.
 */
import { patched, sleep, type WorkflowInterceptorsFactory } from '@temporalio/workflow';

/** A version that sleeps a little before these activities. */
const sleepsBefore = (activities: Readonly<Record<string, string>>): WorkflowInterceptorsFactory =>
  function interceptors() {
    return {
      outbound: [
        {
          async scheduleActivity(input, next) {
            const patch = activities[input.activityType];
            if (patch !== undefined && patched(patch)) await sleep(1);
            return next(input);
          },
        },
      ],
    };
  };

export const second = sleepsBefore({ validate: 'second' });
export const third = sleepsBefore({ validate: 'second', uploadCheckpoint: 'third' });
