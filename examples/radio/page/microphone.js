// The microphone: asked for, opened, and a sentence where there is none.

import { publishing as sentences } from './sentences.js';

export class MicrophoneError extends Error {}

/** A stream of the microphone `deviceId` ('': the browser's choice); `asItIs` for music. */
export async function openMicrophone(deviceId, asItIs) {
  // Browsers leave it out where the page did not come by https: or from this machine.
  if (!navigator.mediaDevices?.getUserMedia) throw new MicrophoneError(sentences.insecure);
  const cleaning = !asItIs;
  const audio = {
    echoCancellation: cleaning,
    noiseSuppression: cleaning,
    autoGainControl: cleaning,
    channelCount: { ideal: 2 },
    ...(deviceId && { deviceId: { exact: deviceId } }),
  };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    const name = error.name === 'OverconstrainedError' ? 'NotFoundError' : error.name;
    throw new MicrophoneError(sentences[name] ?? sentences.otherError(error));
  }
}

/** Fills `select` with the microphones, whose names a browser tells once one was allowed. */
export async function listMicrophones(select) {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  const named = devices.filter(({ kind, label, deviceId }) =>
    kind === 'audioinput' && label && deviceId !== 'default');
  const wanted = select.value;
  select.replaceChildren(new Option('The browser\'s choice', ''),
    ...named.map(({ label, deviceId }) => new Option(label, deviceId)));
  select.value = named.some(({ deviceId }) => deviceId === wanted) ? wanted : '';
  return named.length;
}
