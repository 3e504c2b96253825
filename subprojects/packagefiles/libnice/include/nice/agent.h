#include "../../agent/agent.h"
