#include "../../agent/address.h"
