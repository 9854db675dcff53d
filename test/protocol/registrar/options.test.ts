/** Defaults of the registrar's settings, and settings that cannot be used. */

import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/errors.ts';
import {
  completeRegistrarOptions,
  handlespaceOptionsOf,
  type PartialRegistrarOptions,
} from '../../../src/protocol/registrar/options.ts';

const HERE = ['10.0.0.1'];

describe('the options of a registrar', () => {
  test('have the defaults of rspregistrar (registrar-cli.md)', () => {
    expect(completeRegistrarOptions({}, HERE)).toMatchObject({
      profile: 'rsplib',
      serverAnnounceCycleMs: 1_000,
      serverAnnounceJitter: 0.125,
      announcesTransport: false,
      endpointKeepAliveTransmissionIntervalMs: 5_000,
      endpointKeepAliveTimeoutIntervalMs: 5_000,
      maxBadPeReports: 3,
      maxIncrement: 0,
      maxHandleResolutionItems: 3,
      minAddressScope: 'sitelocal',
      limits: { maxPoolHandleBytes: 32, maxHandleResolutionRate: 0, maxEndpointUnreachableRate: 0 },
    });
  });

  test('follow the profile', () => {
    expect(completeRegistrarOptions({ profile: 'rfc' }, HERE)).toMatchObject({
      announcesTransport: true,
      maxHandleResolutionItems: 128,
      usesRsplibErrorCodes: false,
      sendsExpiryNotice: true,
      limits: { maxPoolHandleBytes: 4_096 },
    });
  });

  test('are not changed by what is undefined', () => {
    const undefinedOnes = { maxBadPeReports: undefined, limits: { maxPools: undefined } };
    expect(completeRegistrarOptions(undefinedOnes, HERE)).toEqual(
      completeRegistrarOptions({}, HERE),
    );
  });

  test('are frozen', () => {
    expect(Object.isFrozen(completeRegistrarOptions({}, HERE))).toBe(true);
  });

  test.each<[string, PartialRegistrarOptions]>([
    ['maxBadPeReports', { maxBadPeReports: 0 }],
    ['maxBadPeReports', { maxBadPeReports: 1.5 }],
    ['maxHandleResolutionItems', { maxHandleResolutionItems: 129 }],
    ['serverAnnounceCycleMs', { serverAnnounceCycleMs: -1 }],
    ['endpointKeepAliveJitter', { endpointKeepAliveJitter: Number.NaN }],
    ['endpointKeepAliveTimeoutIntervalMs', { endpointKeepAliveTimeoutIntervalMs: 0 }],
    ['limits.maxAssociations', { limits: { maxAssociations: 0 } }],
    ['limits.maxRegistrationRate', { limits: { maxRegistrationRate: Number.POSITIVE_INFINITY } }],
  ])('refuse what cannot be used, by name: %s', (key, settings) => {
    const complete = () => completeRegistrarOptions(settings, HERE);
    expect(complete).toThrow(ConfigError);
    expect(complete).toThrow(expect.objectContaining({ key }));
  });

  test('say what the handlespace must be made with', () => {
    const settings = { maxIncrement: 2, limits: { maxPools: 5, maxPoolElements: 6 } };
    expect(handlespaceOptionsOf(completeRegistrarOptions(settings, HERE), 7n)).toMatchObject({
      seed: 7n,
      keepAlive: { intervalMs: 5_000, timeoutMs: 5_000, jitter: 0.5 },
      maxIncrement: 2,
      maxPools: 5,
      maxPoolElements: 6,
      maxPoolHandleBytes: 32,
    });
  });
});
