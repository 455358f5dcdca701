package points;

import java.util.Arrays;
import java.util.Random;
import java.util.logging.Logger;

/** Finds the centres of groups of points in the plane, by k-means. */
public final class Cluster {
    private static final Logger LOG = Logger.getLogger("cluster");
    private static final int ROUNDS = 100;

    private Cluster() {}

    /** The platform makes every variable a system property, too. */
    private static int setting(String name, int fallback) {
        return Integer.parseInt(System.getProperty(name, String.valueOf(fallback)));
    }

    public static void main(String[] args) {
        int groups = setting("GROUPS", 3);
        double[][] points = draw(setting("POINTS", 100_000), groups, new Random(setting("SEED", 1)));
        LOG.info(() -> points.length + " points, " + Runtime.getRuntime().maxMemory() / (1 << 20) + " MiB of heap");
        double[][] centres = start(points, groups);
        for (int round = 1; round <= ROUNDS; round++) {
            double moved = improve(points, centres);
            System.out.printf("round %d: centres moved by %.6f%n", round, moved);
            if (moved < 1e-6) break;
        }
        Arrays.sort(centres, (a, b) -> Double.compare(a[0], b[0]));
        for (double[] centre : centres) System.out.printf("centre %.2f %.2f%n", centre[0], centre[1]);
    }

    /** Points around (0, 0), (10, 10), (20, 20)… */
    private static double[][] draw(int count, int groups, Random random) {
        double[][] points = new double[count][];
        for (int i = 0; i < count; i++) {
            double middle = 10.0 * (i % groups);
            points[i] = new double[] {middle + random.nextGaussian(), middle + random.nextGaussian()};
        }
        return points;
    }

    private static double[][] start(double[][] points, int groups) {
        double[][] centres = new double[groups][];
        for (int i = 0; i < groups; i++) centres[i] = points[i].clone();
        return centres;
    }

    private static double improve(double[][] points, double[][] centres) {
        double[][] sums = new double[centres.length][3];
        for (double[] point : points) {
            double[] sum = sums[nearest(point, centres)];
            sum[0] += point[0];
            sum[1] += point[1];
            sum[2] += 1;
        }
        double moved = 0;
        for (int i = 0; i < centres.length; i++) {
            if (sums[i][2] == 0) continue;
            double[] centre = {sums[i][0] / sums[i][2], sums[i][1] / sums[i][2]};
            moved = Math.max(moved, Math.hypot(centre[0] - centres[i][0], centre[1] - centres[i][1]));
            centres[i] = centre;
        }
        return moved;
    }

    private static int nearest(double[] point, double[][] centres) {
        int best = 0;
        double least = Double.MAX_VALUE;
        for (int i = 0; i < centres.length; i++) {
            double away = Math.hypot(point[0] - centres[i][0], point[1] - centres[i][1]);
            if (away >= least) continue;
            least = away;
            best = i;
        }
        return best;
    }
}
