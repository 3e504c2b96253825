// What went wrong, as a sentence that says what to do.

const blocked = (port) =>
  `The radio answers, but no sound gets through: ${port ? `its UDP port ${port}` : 'its UDP port'} is ` +
  'blocked on the way. Open it in the firewall, or try from another network.';

const common = {
  unreachable: 'The radio does not answer. See that it is running and that you are on its network, ' +
    'then try again.',
  ice: blocked,
  dtls: 'The keys for the encryption could not be agreed on. Reload the page and try again; the ' +
    'radio\'s terminal says what it did not like.',
};

const unfit = (error) =>
  `The radio cannot use what this browser offers (${error.message.replace(/\.$/, '')}). ` +
  'Update the browser or try another one.';

const broken = (error) => `The radio has trouble of its own: ${error.message.replace(/\.?$/, '.')} ` +
  'Try again in a moment.';

/** Of a Refusal that came for an offer. */
function refused(error, byStatus) {
  if (error.status === 0) return common.unreachable;
  if (byStatus[error.status]) return byStatus[error.status](error);
  return error.status < 500 ? unfit(error) : broken(error);
}

export const listening = {
  noWebRtc: 'This browser cannot play the radio: WebRTC is missing or turned off. Turn it on, or open ' +
    'this page in a current Chrome, Edge, Firefox or Safari.',
  held: 'The browser holds the sound back until you ask for it. Press play.',
  interrupted: 'The connection is interrupted. Waiting for it to come back …',
  slow: (port) => 'Still looking for a way to the radio. If none is found, ' +
    `${port ? `UDP port ${port}` : 'the radio\'s UDP port'} is blocked on the way.`,
  quiet: 'Connected. The radio sends nothing at the moment.',
  unreachable: common.unreachable,
  ice: common.ice,
  dtls: common.dtls,
  lost: () => 'The connection to the radio broke. Press play to connect again.',
  closed: () => 'The radio went off the air. Press play when it is back.',
  gone: (reason) => `The radio has let go of this connection${reason ? ` (${reason})` : ''}. ` +
    'Press play to join again.',
  refused: (error) => refused(error, {
    503: ({ retryAfter }) => 'All places at this radio are taken. Press play again ' +
      `${retryAfter ? `in ${retryAfter} seconds` : 'later'}: somebody may have left.`,
  }),
};

export const publishing = {
  noWebRtc: 'This browser cannot publish: WebRTC is missing or turned off. Turn it on, or open this ' +
    'page in a current Chrome, Edge, Firefox or Safari.',
  insecure: 'Browsers give a microphone to pages of https: and of localhost only. Open this page as ' +
    'localhost on the radio\'s own machine, or start the radio with --tls-cert and --tls-key.',
  // Names of getUserMedia's errors
  NotAllowedError: 'The microphone was refused. Allow it for this page (the sign beside the address), ' +
    'then press record again.',
  NotFoundError: 'No microphone was found. Plug one in, then press record again.',
  NotReadableError: 'The microphone cannot be opened: another program may be using it. Close that, ' +
    'then press record again.',
  otherError: (error) => `The microphone does not start (${error.message}). Try another one.`,
  ended: 'The microphone was taken away. Plug it in again or allow it, then press record.',
  interrupted: 'The connection is interrupted. Waiting for it to come back …',
  unreachable: common.unreachable,
  ice: common.ice,
  dtls: common.dtls,
  lost: () => 'The connection to the radio broke: you are off the air. Press record to go on again.',
  closed: () => 'The radio ended the broadcast. Press record to go on the air again.',
  token: 'This radio wants its token before it takes you in.',
  wrongToken: 'That is not this radio\'s token. Try once more.',
  refused: (error) => refused(error, {
    404: () => 'This radio takes nobody in. Start it with --ingest, then reload this page.',
    409: () => 'Somebody else is on the air. Press record again when they have stopped.',
    503: () => 'The radio has no place left. Press record again in a moment.',
  }),
};
