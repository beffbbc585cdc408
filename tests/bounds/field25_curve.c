/* field25_curve.c: the point formulas on the vector field, one lane in plain C, for
 * check_formulas.py. */
#define MDL_LANES_CALLS  /* each function of the field by itself: the check knows what it promises \
                          */
#include "lane.h"

#include <lanes/field25.h>

#include <lanes/field.h>

#include "formulas.h"
