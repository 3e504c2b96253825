#include "../../agent/candidate.h"
