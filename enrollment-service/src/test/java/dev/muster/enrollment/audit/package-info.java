@org.jspecify.annotations.NullMarked
package dev.muster.enrollment.audit;
