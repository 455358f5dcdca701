import java.nio.file.Files;
import java.nio.file.Path;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;

/** What programs of Java do every day. */
public class Programs {
    public static void main(String[] arguments) throws Exception {
        var threads = new ArrayList<Thread>();
        var gate = new CountDownLatch(100);
        for (int i = 0; i < 100; i++) threads.add(new Thread(gate::countDown));
        threads.forEach(Thread::start);
        gate.await();
        var child = new ProcessBuilder("/bin/sh", "-c", "exit 3").start();
        if (child.waitFor() != 3) throw new Exception("child");
        Path file = Files.createTempFile("a", "b");
        Files.writeString(file, "x");
        try (var server = new ServerSocket(0); var client = new Socket("127.0.0.1", server.getLocalPort())) {
            server.accept().close();
            if (client.getInputStream().read() != -1) throw new Exception("socket");
        }
        java.lang.management.ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        if (Runtime.getRuntime().availableProcessors() < 1) throw new Exception("processors");
        System.gc();
        System.out.println("all tried by " + Runtime.version().feature());
    }
}
