import type { Engine } from '../../engine/client.js';
import type { EngineRequests, RequestName } from '../../engine/protocol.js';
import { sessionClosed } from '../as-activity.js';
import type { SessionDesk } from '../dependencies.js';

/**
 * The session's engine. An activity whose session was given up may still run; an engine that was kept for its run serves another
 * session by then, and such a latecomer must not touch its state.
 */
export function engineOf({ desk, host }: SessionDesk): Engine {
  if (desk.owner !== host.session) throw sessionClosed('the session was given up, its engine is no longer its own');
  return desk.engine;
}

export const askEngine = <Name extends RequestName>(
  session: SessionDesk,
  name: Name,
  input: EngineRequests[Name]['input'],
): Promise<EngineRequests[Name]['output']> => engineOf(session).request(name, input);
