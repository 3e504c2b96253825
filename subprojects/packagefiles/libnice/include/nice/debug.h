#include "../../agent/debug.h"
