package text;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.logging.Logger;

/** Answers over HTTP what a sentence is about. */
public final class Server {
    private static final Logger LOG = Logger.getLogger("classify");

    private Server() {}

    public static void main(String[] args) throws IOException {
        Classifier classifier = new Classifier();
        try (InputStream sentences = Server.class.getResourceAsStream("/sentences.tsv")) {
            new String(sentences.readAllBytes(), StandardCharsets.UTF_8).lines()
                .map(line -> line.split("\t", 2))
                .forEach(parts -> classifier.learn(parts[0], parts[1]));
        }
        int port = Integer.parseInt(System.getProperty("PORT", "8080"));
        HttpServer server = HttpServer.create(new InetSocketAddress("0.0.0.0", port), 0);
        server.setExecutor(Executors.newFixedThreadPool(4));
        server.createContext("/health", exchange -> answer(exchange, 200, "ok"));
        server.createContext("/classify", exchange -> {
            String text = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            answer(exchange, text.isBlank() ? 400 : 200, text.isBlank() ? "say something" : classifier.classify(text));
        });
        server.createContext("/", exchange -> answer(exchange, 200, System.getProperty("greeting.text", "hello")));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            // the loggers end at the same time
            System.out.println("told to end: finishing what is asked");
            server.stop(1);
        }));
        server.start();
        LOG.info(() -> "listening on " + port);
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = (text + "\n").getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("content-type", "text/plain; charset=utf-8");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }
}
