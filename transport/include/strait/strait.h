/* strait: WebRTC media for programs that embed it. All public headers. */
#ifndef STRAIT_STRAIT_H
#define STRAIT_STRAIT_H

#include <strait/agent.h>
#include <strait/certificate.h>
#include <strait/dtls.h>
#include <strait/dtls_listener.h>
#include <strait/endpoint.h>
#include <strait/error.h>
#include <strait/ice.h>
#include <strait/record.h>
#include <strait/runtime.h>
#include <strait/sdp.h>
#include <strait/srtp.h>
#include <strait/stats.h>
#include <strait/transport.h>
#include <strait/trust.h>
#include <strait/types.h>
#include <strait/version.h>

#endif
