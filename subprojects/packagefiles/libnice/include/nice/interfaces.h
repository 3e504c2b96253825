#include "../../agent/interfaces.h"
